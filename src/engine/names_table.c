/* SPDX-License-Identifier: Apache-2.0 */
/* The words that containers without a name are called by: a mood, and somebody who sailed, charted or measured. */
#include "engine/names_table.h"

#include "base/macros.h"

const char *const names_adjectives[] = {
	"amber",   "ample",   "apt",      "ardent",   "artful",   "balmy",    "blithe",  "bold",    "bonny",   "brave",
	"breezy",  "bright",  "brisk",    "buoyant",  "calm",     "candid",   "careful", "cheery",  "civil",   "clever",
	"coastal", "cordial", "crisp",    "curious",  "dapper",   "daring",   "deft",    "eager",   "earnest", "easy",
	"elated",  "fair",    "fearless", "festive",  "fleet",    "fond",     "frank",   "frosty",  "gallant", "gentle",
	"gilded",  "glad",    "golden",   "graceful", "grand",    "handy",    "happy",   "hardy",   "hearty",  "honest",
	"humble",  "jaunty",  "jolly",    "jovial",   "keen",     "kind",     "lively",  "lofty",   "loyal",   "lucid",
	"lucky",   "mellow",  "merry",    "mild",     "mindful",  "misty",    "modest",  "moonlit", "neat",    "nifty",
	"nimble",  "noble",   "orderly",  "patient",  "peaceful", "placid",   "plucky",  "polite",  "prompt",  "proud",
	"quaint",  "quick",   "quiet",    "radiant",  "ready",    "rosy",     "salty",   "sandy",   "sedate",  "serene",
	"sharp",   "silent",  "silver",   "sincere",  "sleek",    "smooth",   "snug",    "sober",   "spry",    "stately",
	"steady",  "stoic",   "sturdy",   "sunny",    "swift",    "tender",   "thrifty", "tidal",   "tidy",    "tranquil",
	"trusty",  "upbeat",  "valiant",  "vivid",    "warm",     "watchful", "wistful", "witty",   "zealous",
};
const size_t names_n_adjectives = ARRAY_SIZE(names_adjectives);

const char *const names_surnames[] = {
	"abel",       "albers",    "amundsen",     "anning",    "appleton",   "archimedes", "aryabhata",    "avicenna",
	"barents",    "beaufort",  "bering",       "blackett",  "boole",      "bose",       "bougainville", "bowditch",
	"brahe",      "brunel",    "cabot",        "cabral",    "cartier",    "cassini",    "cavendish",    "celsius",
	"chappe",     "cook",      "copernicus",   "coriolis",  "cousteau",   "curie",      "darwin",       "davis",
	"descartes",  "dias",      "drake",        "earhart",   "elcano",     "erasmus",    "eriksson",     "euler",
	"faraday",    "fermat",    "fibonacci",    "fitzroy",   "flinders",   "franklin",   "fresnel",      "fulton",
	"galileo",    "galois",    "gauss",        "germain",   "goodall",    "halley",     "harrison",     "hawkins",
	"herschel",   "hudson",    "humboldt",     "huygens",   "hypatia",    "ibnbattuta", "jansz",        "joule",
	"kepler",     "khayyam",   "kovalevskaya", "laperouse", "laplace",    "leibniz",    "linnaeus",     "lovelace",
	"magellan",   "malaspina", "maury",        "maxwell",   "mercator",   "merian",     "mitchell",     "nansen",
	"napier",     "nelson",    "newton",       "noether",   "ohm",        "pascal",     "pasteur",      "peary",
	"picard",     "planck",    "polo",         "ptolemy",   "pytheas",    "ramanujan",  "raleigh",      "ross",
	"runge",      "scott",     "shackleton",   "slocum",    "somerville", "stevin",     "tasman",       "thales",
	"torricelli", "tycho",     "urdaneta",     "vancouver", "vespucci",   "volta",      "wallace",      "watt",
	"weddell",    "wegener",   "zheng",
};
const size_t names_n_surnames = ARRAY_SIZE(names_surnames);
