// The keys that open the palette, as the keyboard of the platform has them. Pure.

/** @param userAgent of the browser: the one that every browser has, unlike `navigator.userAgentData` */
export function paletteKeysOn(userAgent: string): '⌘K' | 'Ctrl K' {
  return /Mac|iPhone|iPad/.test(userAgent) ? '⌘K' : 'Ctrl K';
}
