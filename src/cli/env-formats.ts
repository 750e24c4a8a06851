/** The forms in which `modhaven env` and `GET /-/env` print a developer's settings. */
export const ENV_FORMATS = ['shell', 'powershell', 'go-env'] as const;
export type EnvFormat = (typeof ENV_FORMATS)[number];
