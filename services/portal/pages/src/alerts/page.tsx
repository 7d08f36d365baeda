// Alerts: the list, and behind each its own page.
import { useAddress } from '../address/use-address.ts';
import { Incident } from './incident.tsx';
import { AlertList } from './list.tsx';
import { alertIn } from './words.ts';
import './alerts.css';

export default function AlertsPage() {
  const { path } = useAddress();
  const id = alertIn(path);
  return id === null ? <AlertList /> : <Incident key={id} id={id} />;
}
