/** A client that behaves, while others do not: it asks again and again and notes every answer that fails or is late. */
import { list, RawConnection } from '../../harness/wire.ts'

const PAUSE_MS = 20

export class Bystander {
  private readonly connection: RawConnection
  private readonly done: Promise<void>
  private isOver = false
  answers = 0
  slowestMs = 0
  problem: string | null = null

  private constructor(connection: RawConnection) {
    this.connection = connection
    this.done = this.keepAsking()
  }

  static async watch(bootstrap: string): Promise<Bystander> {
    return new Bystander(await RawConnection.open(bootstrap))
  }

  async leave(): Promise<void> {
    this.isOver = true
    await this.done
    this.connection.close()
  }

  private async keepAsking(): Promise<void> {
    while (!this.isOver && this.problem === null) {
      const askedAt = performance.now()
      try {
        const answer = await this.connection.ask(3, 1, list([]), 20_000)
        if (answer.int32() < 1) this.problem = 'an answer without a broker'
      } catch (error) {
        this.problem = String(error)
      }
      this.answers += 1
      this.slowestMs = Math.max(this.slowestMs, performance.now() - askedAt)
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
    }
  }
}
