/** An error answer of AWS: nearly all have status 400, also "not found" and "access denied". */
export class Refusal extends Error {
  readonly type: string
  readonly status: number

  constructor(type: string, message: string, status = 400) {
    super(message)
    this.type = type
    this.status = status
  }
}

export const notFound = (what = 'secret') => new Refusal('ResourceNotFoundException', `Secrets Manager can't find the specified ${what}.`)
export const invalid = (message: string) => new Refusal('InvalidParameterException', message)
