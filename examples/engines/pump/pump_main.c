/* pump --scenario NAME ...: the engine under the driver of all builder engines. */
#include "engines/pump/pg_scenarios.h"

int main(int argc, char **argv)
{
	return driver_main(&pg_engine, argc, argv);
}
