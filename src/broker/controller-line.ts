/**
 * The controller, as a broker reaches it: what it asks may be lost on the way, or the answer may. A broker that cannot reach it goes on
 * as it was told last, as Kafka's does: epochs, and in-sync sets that only the controller changes, keep that harmless.
 */
import type { Controller, MetadataFollower } from '../controller/controller.ts'
import type { ClusterImage } from '../coordination/metadata/image.ts'

export interface ControllerLine {
  /** Rejects with PeerUnreachable when nobody knows whether it was carried out; with what it was refused with. */
  ask<Answer>(question: (controller: Controller) => Promise<Answer>): Promise<Answer>
  /** From here on this broker is told what is safe; resolves with what is so far. Rejects with DiskError. */
  attach(follower: MetadataFollower): Promise<ClusterImage>
}
