import { useState } from 'preact/hooks'
import type { RecordToProduce, RecordView } from '../wire.ts'
import { path, useOnce } from './api.ts'
import { useCluster } from './cluster.ts'
import { toReadRecord } from './commands.ts'
import { bytes, fullTime, plural } from './format.ts'
import { Bytes, BytesInFull } from './parts/bytes.tsx'
import { Command } from './parts/command.tsx'
import { Dialog } from './parts/dialog.tsx'
import { Problem } from './parts/problem.tsx'
import { Produce } from './produce.tsx'

/** One record in full, and what can be done with it. */
export function RecordPanel(props: { readonly record: RecordView; onClose(): void }) {
  const { record } = props
  const cluster = useCluster()
  const { topic, partition, offset } = record
  const { view, problem } = useOnce<RecordView>(path`/api/topics/${topic}/records/${partition}/${offset}`)
  const [isRaw, setRaw] = useState(false)
  const [isResending, setResending] = useState(false)
  const whole = view ?? record
  const again = view === null ? null : toSendAgain(view)
  if (isResending && again !== null) return <Produce topic={topic} first={again} onClose={props.onClose} />
  return (
    <Dialog title={`${topic}, partition ${partition}, offset ${offset}`} onClose={props.onClose}>
      {problem !== null && <Problem problem={problem} />}
      <dl class="facts">
        <dt>Time</dt>
        <dd>
          <code>{fullTime(whole.timestampMs)}</code>
          {whole.timestampType === 'LogAppendTime' ? ', of the log' : ', of its producer'}
        </dd>
        <dt>Key</dt>
        <dd>
          <Bytes shown={whole.key} />
        </dd>
        {whole.producerId !== null && (
          <>
            <dt>Producer</dt>
            <dd>
              {whole.producerId}
              {whole.isTransactional ? ', within a transaction' : ''}
            </dd>
          </>
        )}
        {whole.headers.map(([name, value], index) => (
          <HeaderLine key={`${index}:${name}`} name={name} value={value} />
        ))}
      </dl>
      {whole.headersLeftOut > 0 && <p class="note">{plural(whole.headersLeftOut, 'more header')}.</p>}
      <h3>
        Value {whole.value !== null && <span class="note">{bytes(whole.value.sizeBytes)}</span>}
        <button type="button" class="quiet" aria-pressed={isRaw} onClick={() => setRaw(!isRaw)}>
          {isRaw ? 'pretty' : 'raw'}
        </button>
      </h3>
      <BytesInFull shown={whole.value} isRaw={isRaw} />
      <div class="actions">
        {!cluster.isReadOnly && again !== null && (
          <button type="button" onClick={() => setResending(true)}>
            Edit and send again
          </button>
        )}
        <button type="button" class="main" onClick={props.onClose}>
          Close
        </button>
      </div>
      <Command title="Show me the command" lines={toReadRecord(cluster.bootstrap, topic, partition, offset)} />
    </Dialog>
  )
}

/** Null where it would be another: not all of it is here, or is text. */
function toSendAgain({ key, value, headers, headersLeftOut }: RecordView): RecordToProduce | null {
  const all = [key, value, ...headers.map(([, content]) => content)]
  const isWhole = all.every((part) => part === null || (part.isText && !part.isCut))
  const hasAllHeaders = headersLeftOut === 0 && headers.every(([, content]) => content !== null)
  if (!isWhole || !hasAllHeaders) return null
  return {
    ...{ key: key?.text ?? null, value: value?.text ?? null, partition: null },
    headers: headers.map(([name, content]) => [name, content?.text ?? ''])
  }
}

function HeaderLine({ name, value }: { readonly name: string; readonly value: RecordView['value'] }) {
  return (
    <>
      <dt>Header {name}</dt>
      <dd>
        <Bytes shown={value} />
      </dd>
    </>
  )
}
