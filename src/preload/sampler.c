#include "preload/sampler.h"

#include <string.h>

#define LN_2 0.693147180559945309417

/* splitmix64: one word of state, every seed is good. */
uint64_t sampler_random(uint64_t *state)
{
	uint64_t word = *state += 0x9e3779b97f4a7c15u;

	word = (word ^ word >> 30) * 0xbf58476d1ce4e5b9u;
	word = (word ^ word >> 27) * 0x94d049bb133111ebu;
	return word ^ word >> 31;
}

/* In (0, 1), never 0 or 1. */
static double uniform(uint64_t *random)
{
	return ((double)(sampler_random(random) >> 12) + 0.5) * 0x1p-52;
}

/* -ln(X) for X in (0, 1), to 15 digits: the exponent, and 2 artanh((m - 1) / (m + 1)) of the mantissa. */
static double minus_ln(double x)
{
	uint64_t bits;
	double mantissa;

	memcpy(&bits, &x, sizeof bits);
	int exponent = (int)(bits >> 52) - 1023;

	bits = (bits & 0xfffffffffffffu) | (uint64_t)1023 << 52; /* [1, 2) */
	memcpy(&mantissa, &bits, sizeof mantissa);
	double z = (mantissa - 1) / (mantissa + 1);
	double square = z * z;
	double sum = 0;

	for (int power = 31; power >= 1; power -= 2)
		sum = sum * square + 1.0 / power;
	return -(exponent * LN_2 + 2 * z * sum);
}

uint64_t sampler_distance(uint64_t *random, uint64_t mean)
{
	return (uint64_t)((double)mean * minus_ln(uniform(random))) + 1;
}

/* By its series where the argument is small, then by f(2x) = f(x) (2 - f(x)): nothing cancels. */
double sampler_probability(uint64_t bytes, uint64_t mean)
{
	double x = (double)bytes / (double)mean;
	unsigned halvings = 0;
	double result = 0;

	if (x > 40)
		return 1;
	while (x > 0.0625) {
		x /= 2;
		halvings++;
	}
	for (int term = 9; term >= 1; term--)
		result = x / term * (1 - result);
	for (; halvings > 0; halvings--)
		result *= 2 - result;
	return result;
}

uint32_t sampler_weight(uint64_t *random, uint64_t bytes, uint64_t mean)
{
	double weight = 1 / sampler_probability(bytes, mean);
	uint32_t whole = (uint32_t)weight;

	return whole + (uniform(random) < weight - whole);
}

static void draw(struct sampler *sampler, uint64_t mean)
{
	sampler->left = sampler->drawn = (int64_t)sampler_distance(&sampler->random, mean) - 1;
}

void sampler_seed(struct sampler *sampler, uint64_t seed, uint64_t mean)
{
	*sampler = (struct sampler){.random = seed};
	draw(sampler, mean);
}

uint32_t sampler_hit(struct sampler *sampler, uint64_t size, uint64_t mean)
{
	sampler->before += (uint64_t)(sampler->drawn - sampler->left);
	draw(sampler, mean); /* from the block's end: what came before it does not matter */
	return sampler_weight(&sampler->random, size + 1, mean);
}

void sampler_not_new(struct sampler *sampler, uint64_t size)
{
	sampler->before -= size + 1;
}

uint64_t sampler_bytes(const struct sampler *sampler)
{
	return sampler->before + (uint64_t)(sampler->drawn - sampler->left) - sampler->allocs;
}
