// What is compared by `npm run bench -- alerts`. Apart from the rest, so that help is there at once.
export const alertSystems = ['signpost', 'fixed-threshold', 'z-score', 'farringtonFlexible'];
