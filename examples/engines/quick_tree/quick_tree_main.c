/* quick-tree --scenario NAME ...: the engine under the driver of all builder engines. */
#include "engines/quick_tree/qt_scenarios.h"

int main(int argc, char **argv)
{
	return driver_main(&qt_engine, argc, argv);
}
