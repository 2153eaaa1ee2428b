/* fluent-builder: runs the scenarios of fluent_scenarios.c; --help and --list say how and which. */
#include "engines/fluent_builder/fluent_scenarios.h"

int main(int argc, char **argv)
{
	return driver_main(&fluent_engine, argc, argv);
}
