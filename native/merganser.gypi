# The addon for node-gyp (npm run build:native). CMakeLists.txt builds the same files; native/sources.cjs lists them for this one.
#
# Each native/src/**/*.isa.cpp is compiled once per instruction set, with MERGANSER_ISA_NS naming the namespace its functions go into; everything
# else is compiled for the platform's baseline. Static libraries are how gyp gives the same source several sets of flags.
{
  'target_defaults': {
    'include_dirs': ['include'],
    'cflags_cc!': ['-std=gnu++17', '-std=gnu++1y', '-std=gnu++20', '-fno-exceptions'],
    'cflags_cc': ['-std=c++20', '-ffp-contract=off', '-fno-math-errno', '-fvisibility=hidden', '-fvisibility-inlines-hidden', '-Wall', '-Wextra', '-g1'],
    'xcode_settings': {
      'CLANG_CXX_LANGUAGE_STANDARD': 'c++20',
      'GCC_ENABLE_CPP_EXCEPTIONS': 'YES',
      'GCC_SYMBOLS_PRIVATE_EXTERN': 'YES',
      'MACOSX_DEPLOYMENT_TARGET': '11.0',
    },
    'msvs_settings': { 'VCCLCompilerTool': { 'AdditionalOptions': ['/std:c++20'], 'ExceptionHandling': 1 } },
  },
  'targets': [
    {
      'target_name': 'merganser',
      'sources': ['<!@(node native/sources.cjs addon)', '<!@(node native/sources.cjs core)'],
      'defines': ['NAPI_VERSION=8', 'NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS'],
      # scalar first: where two variants instantiate the same inline function, the linker keeps the one that runs everywhere.
      'dependencies': ["<!(node -p \"require('node-addon-api').targets\"):node_addon_api_except_all", 'kernels_scalar'],
      'conditions': [
        ['target_arch=="x64"', { 'dependencies': ['kernels_avx2', 'kernels_avx512'] }],
        ['target_arch=="arm64"', { 'dependencies': ['kernels_neon'] }],
        ['OS=="linux"', { 'libraries': ['-ldl', '-lpthread'] }],
      ],
    },
    {
      'target_name': 'kernels_scalar',
      'type': 'static_library',
      'sources': ['<!@(node native/sources.cjs kernels)'],
      'defines': ['MERGANSER_ISA_NS=scalar', 'MERGANSER_ISA_SCALAR'],
    },
  ],
  'conditions': [
    [
      'target_arch=="x64"',
      {
        'targets': [
          {
            'target_name': 'kernels_avx2',
            'type': 'static_library',
            'sources': ['<!@(node native/sources.cjs kernels)'],
            'defines': ['MERGANSER_ISA_NS=avx2', 'MERGANSER_ISA_AVX2'],
            'cflags': ['<!@(node native/sources.cjs flags avx2 gnu)'],
            'xcode_settings': { 'OTHER_CFLAGS': ['<!@(node native/sources.cjs flags avx2 gnu)'] },
            'msvs_settings': { 'VCCLCompilerTool': { 'AdditionalOptions': ['<!@(node native/sources.cjs flags avx2 msvc)'] } },
          },
          {
            'target_name': 'kernels_avx512',
            'type': 'static_library',
            'sources': ['<!@(node native/sources.cjs kernels)'],
            'defines': ['MERGANSER_ISA_NS=avx512', 'MERGANSER_ISA_AVX512'],
            'cflags': ['<!@(node native/sources.cjs flags avx512 gnu)'],
            'xcode_settings': { 'OTHER_CFLAGS': ['<!@(node native/sources.cjs flags avx512 gnu)'] },
            'msvs_settings': { 'VCCLCompilerTool': { 'AdditionalOptions': ['<!@(node native/sources.cjs flags avx512 msvc)'] } },
          },
        ],
      },
    ],
    [
      'target_arch=="arm64"',
      {
        'targets': [
          {
            'target_name': 'kernels_neon',
            'type': 'static_library',
            'sources': ['<!@(node native/sources.cjs kernels)'],
            'defines': ['MERGANSER_ISA_NS=neon', 'MERGANSER_ISA_NEON'],
          },
        ],
      },
    ],
  ],
}
