/** The names of the machine itself, for development: `allowedHosts: [...loopbackHosts, 'app.example']`. */
export const loopbackHosts: readonly string[] = Object.freeze(['.localhost', '127.0.0.1', '[::1]']);
