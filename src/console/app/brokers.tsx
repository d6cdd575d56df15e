import { useCluster } from './cluster.ts'
import { count } from './format.ts'

/** Who keeps the records, and how the work is spread. */
export function Brokers() {
  const cluster = useCluster()
  return (
    <>
      <header class="view-head">
        <h1>Brokers</h1>
      </header>
      <table>
        <thead>
          <tr>
            <th scope="col">Broker</th>
            <th scope="col">Address</th>
            <th scope="col" class="spare">
              Rack
            </th>
            <th scope="col" class="number">
              Leads
            </th>
            <th scope="col" class="number">
              Copies
            </th>
          </tr>
        </thead>
        <tbody>
          {cluster.brokers.map(({ id, host, port, rack, leads, copies }) => (
            <tr key={id}>
              <th scope="row">
                {id}
                {id === cluster.controllerId && <span class="badge">controller</span>}
              </th>
              <td>
                <code>
                  {host}:{port}
                </code>
              </td>
              <td class="spare">{rack ?? <span class="nothing">none</span>}</td>
              <td class="number">{count(leads)}</td>
              <td class="number">{count(copies)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p class="note">
        Cluster <code>{cluster.clusterId ?? 'without an id'}</code>. A broker leads a partition when producers and
        consumers talk to it about that one; the others keep copies.
      </p>
    </>
  )
}
