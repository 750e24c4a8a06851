/** The forms in which `modhaven env` and `GET /-/env` print a developer's settings. */
export { ENV_FORMATS, type EnvFormat } from '../vanity/developer-env.js';
