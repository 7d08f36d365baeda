// Departments by colour and mark: a shape of its own beside the colour, so that neither is needed alone.
import { useSession } from '../api/session.tsx';
import { titleOf } from './figures.ts';

const shapes = ['●', '■', '▲', '◆', '▼', '★', '✚', '⬟'] as const;

/** 1 to 8: which of the tokens `--mark-1` to `--mark-8` a department has. */
export function useMarkOf(): (department: string) => number {
  const departments = useSession().facets.answer?.departments ?? [];
  return (department) => {
    const at = departments.indexOf(department);
    return ((at === -1 ? departments.length : at) % shapes.length) + 1;
  };
}

export function DepartmentMark({ department }: { department: string }) {
  const mark = useMarkOf()(department);
  return (
    <span class={`mark mark-${mark}`} aria-hidden="true">
      {shapes[mark - 1]}
    </span>
  );
}

export function Department({ department }: { department: string }) {
  return (
    <span class="department">
      <DepartmentMark department={department} /> {titleOf(department)}
    </span>
  );
}
