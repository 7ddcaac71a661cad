/* What every public header puts around its declarations: C linkage, also from C++, and a place
 * among the symbols that libntk.so exports. Sources are compiled with hidden visibility, so that
 * the shared library exports what public headers declare and nothing else. */
#ifndef NTK_API_H
#define NTK_API_H

#ifdef __cplusplus
#define NTK_BEGIN_DECLS _Pragma("GCC visibility push(default)") extern "C" {
#define NTK_END_DECLS                                                                                        \
    }                                                                                                        \
    _Pragma("GCC visibility pop")
#else
#define NTK_BEGIN_DECLS _Pragma("GCC visibility push(default)")
#define NTK_END_DECLS   _Pragma("GCC visibility pop")
#endif

#endif
