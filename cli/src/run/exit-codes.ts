/** As `env`, `nohup` and docker have it: 126 cannot be executed, 127 was not found. */
export const exitCodes = { ownFailure: 125, notExecutable: 126, notFound: 127 } as const
