// What readers may be.

export const roles = ['reader', 'planner', 'admin'] as const;
export type Role = (typeof roles)[number];
