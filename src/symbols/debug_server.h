/*
 * Separate debug files from debuginfod servers. libdebuginfod is loaded when the environment names
 * servers in DEBUGINFOD_URLS and never otherwise: without that wish no name leaves this machine.
 */
#ifndef SYMBOLS_DEBUG_SERVER_H
#define SYMBOLS_DEBUG_SERVER_H

/* A descriptor of the debug file for BUILD_ID_HEX, its path in the client's cache in *RET_PATH (free
 * it); -1 when there is none, no server is configured or the library is not installed. */
int debug_server_find(const char *build_id_hex, char **ret_path);

#endif
