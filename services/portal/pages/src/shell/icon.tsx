// Line icons of 16 px, drawn with the colour of the text.

const paths = {
  home: 'M2.5 7.5 8 3l5.5 4.5V13h-4V9.5h-3V13h-4z',
  streams: 'M2.5 4h11M2.5 8h11M2.5 12h7',
  map: 'M6 3 2.5 4.5v9L6 12l4 1.5 3.5-1.5V3L10 4.5zM6 3v9M10 4.5v9',
  alerts:
    'M8 2.5A3.5 3.5 0 0 0 4.5 6c0 3.5-1.5 5-1.5 5h10s-1.5-1.5-1.5-5A3.5 3.5 0 0 0 8 2.5zM6.5 13a1.5 1.5 0 0 0 3 0',
  search: 'M7 2.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9zM10.5 10.5l3 3',
  close: 'M4 4l8 8M12 4l-8 8',
  down: 'M4 6.5 8 10l4-3.5',
  clock: 'M8 2.5a5.5 5.5 0 1 1 0 11 5.5 5.5 0 0 1 0-11zM8 5v3l2 1.5',
  pin: 'M8 14s-4.5-4-4.5-7.5a4.5 4.5 0 0 1 9 0C12.5 10 8 14 8 14zM8 5a1.5 1.5 0 1 1 0 3 1.5 1.5 0 0 1 0-3z',
  save: 'M8 2.5v7M5 7l3 3 3-3M3 13h10',
  plus: 'M8 3v10M3 8h10',
  minus: 'M3 8h10',
  whole: 'M3 6V3h3M10 3h3v3M13 10v3h-3M6 13H3v-3',
  table: 'M2.5 3.5h11v9h-11zM2.5 6.5h11M2.5 9.5h11M6.5 6.5v6',
} as const;

export type IconName = keyof typeof paths;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
      <path d={paths[name]} />
    </svg>
  );
}
