#pragma once
// The types of the frei0r 1.2 plugin interface that a filter exchanges with its host.

typedef struct {
  const char *name;
  const char *author;
  int plugin_type;
  int color_model;
  int frei0r_version;
  int major_version;
  int minor_version;
  int num_params;
  const char *explanation;
} f0r_plugin_info_t;

typedef struct {
  const char *name;
  int type;
  const char *explanation;
} f0r_param_info_t;

enum { F0R_PLUGIN_TYPE_FILTER = 0, F0R_COLOR_MODEL_RGBA8888 = 1, FREI0R_MAJOR_VERSION = 1 };
enum { F0R_PARAM_DOUBLE = 1, F0R_PARAM_STRING = 4 };

// dladdr(3), which <dlfcn.h> shows only to those who define _GNU_SOURCE, as a module cannot.
typedef struct {
  const char *file;
  void *base;
  const char *symbol;
  void *address;
} frei0r_library_t;

#ifdef __APPLE__
int frei0r_find_library(const void *address, frei0r_library_t *library) __asm__("_dladdr");
#else
int frei0r_find_library(const void *address, frei0r_library_t *library) __asm__("dladdr");
#endif
