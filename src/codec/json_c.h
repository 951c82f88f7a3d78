/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json-c's own header beside codec/json.h: two of its names are ours as well, and are moved out of the way here. For
 * files that walk a parsed document by hand; what a field table can say, a field table says.
 */
#ifndef LIGHTER_CODEC_JSON_C_H
#define LIGHTER_CODEC_JSON_C_H

#define json_bool jsonc_bool
#define json_type jsonc_type
#include <json-c/json.h>
#undef json_bool
#undef json_type

#endif
