/* plugins - SpamAssassin's plugins as names, their features and functions. */
#include "spam/plugins.h"

#include "base/attr.h"

static const char *const plugins[] = {
#define PLUGIN(name) name,
#define FEATURE(owner, function)
#include "spam/plugins.tbl"
#undef PLUGIN
#undef FEATURE
};

static const struct {
	const char *owner, *function;
} features[] = {
#define PLUGIN(name)
#define FEATURE(owner, function) {owner, function},
#include "spam/plugins.tbl"
#undef PLUGIN
#undef FEATURE
};

#define EVAL(name, plugin, type) {name, plugin, RULE_##type},
static const struct plugin_eval evals[] = {
#include "spam/evals.tbl"
};
#undef EVAL

static const char prefix[] = "Mail::SpamAssassin::Plugin::";

const char *
plugin_known(struct slice package)
{
	if (!slice_starts(package, prefix))
		return NULL;
	package = slice_from(package, sizeof(prefix) - 1);
	if (slice_is(package, "Dmarc"))
		return "DMARC";
	if (slice_is(package, "WhiteListSubject"))
		return "WelcomeListSubject";
	for (size_t i = 0; i < COUNT_OF(plugins); i++)
		if (slice_is(package, plugins[i]))
			return plugins[i];
	return NULL;
}

const struct plugin_eval *
plugin_eval_find(struct slice name)
{
	for (size_t i = 0; i < COUNT_OF(evals); i++)
		if (slice_is(name, evals[i].name))
			return &evals[i];
	return NULL;
}

bool
plugin_has(struct slice package, struct slice function)
{
	const char *owner = slice_is(package, "Mail::SpamAssassin::Conf")
				? "Conf"
				: plugin_known(package);
	const struct plugin_eval *eval;

	if (owner == NULL)
		return false;
	for (size_t i = 0; i < COUNT_OF(features); i++)
		if (slice_is(slice_str(owner), features[i].owner) &&
		    slice_is(function, features[i].function))
			return true;
	eval = plugin_eval_find(function);
	return eval != NULL && slice_is(slice_str(owner), eval->plugin);
}
