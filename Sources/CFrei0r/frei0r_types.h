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

// dladdr(3), which <dlfcn.h> shows only to those who define _GNU_SOURCE, as a module cannot; dlsym(3)
// of the whole program, whose handle is a macro; and backtrace(3), which not every C library has.
typedef struct {
  const char *file;
  void *base;
  const char *symbol;
  void *address;
} frei0r_library_t;

#ifdef __APPLE__
#define FREI0R_C_NAME(name) __asm__("_" name)
#else
#define FREI0R_C_NAME(name) __asm__(name)
#endif
int frei0r_find_library(const void *address, frei0r_library_t *library) FREI0R_C_NAME("dladdr");
int frei0r_return_addresses(void **addresses, int count) FREI0R_C_NAME("backtrace");
void *frei0r_lookup(void *library, const char *name) FREI0R_C_NAME("dlsym");

// Where the program or any of its libraries has a function; null where none has.
static inline void *frei0r_find_symbol(const char *name) {
#ifdef __APPLE__
  return frei0r_lookup((void *)-2, name);
#else
  return frei0r_lookup((void *)0, name);
#endif
}
