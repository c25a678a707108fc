/** Environment of peers in Python: without settings that would hold them back, and with AVX2 and no more where merganser has no more. */

/** By the rates of products and exponentials, MKL, OpenBLAS and ATen do with AVX2 then; oneDNN has no part in what is compared. faiss loads its build for AVX2. */
const AVX2_PEERS: Readonly<Record<string, string>> = {
  MKL_ENABLE_INSTRUCTIONS: 'AVX2',
  ONEDNN_MAX_CPU_ISA: 'AVX2',
  ATEN_CPU_CAPABILITY: 'avx2',
  OPENBLAS_CORETYPE: 'Haswell',
  NPY_DISABLE_CPU_FEATURES: 'X86_V4 AVX512_ICL AVX512_SPR',
  FAISS_OPT_LEVEL: 'avx2',
};

/** `alike`: with MERGANSER_ISA=avx2 peers have AVX2 and no more, too; `best`: all that the processor has. */
export function peersHaveAvx2(peers: string): boolean {
  return process.env['MERGANSER_ISA'] === 'avx2' && peers === 'alike';
}

export function peerEnvironment(peers: string): NodeJS.ProcessEnv {
  const { OPENBLAS_CORETYPE: _type, OPENBLAS_L2_SIZE: _size, ...rest } = process.env;
  return peersHaveAvx2(peers) ? { ...rest, ...AVX2_PEERS } : rest;
}
