/** `CORS`, `allowOrigins` -> `CORS_ALLOW_ORIGINS`. */
export function environmentName(area: string, option: string): string {
  const snake = option.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toUpperCase();
  return `${area}_${snake}`;
}
