// A class of a library that is opened by hand, known to nobody else.
#include <cstdlib>

namespace plugin
{
struct Plugin {
	virtual ~Plugin() = default;
	virtual int run() { return 1; }
	void *plugin_payload = malloc(40);
};
} // namespace plugin

extern "C" void *make_plugin()
{
	return new plugin::Plugin;
}
