import { randomUUID } from 'node:crypto'
import { fingerprinter } from '../../src/fingerprint.ts'
import { Sensitive } from '../../src/sensitive.ts'
import { openAwsStore } from '../../src/stores/aws/store.ts'
import { describeSecretStore } from '../contract/store.ts'
import { manualClock } from '../support/clock.ts'
import { seededRandom } from '../support/random.ts'
import { awsFixture } from './aws-fixture.ts'

/** A version of this size fits into a secret, with what stands around it. */
const LARGEST = 60_000

describeSecretStore('the AWS store', async () => {
  const { open, fingerprints, clock } = await awsFixture()
  const store = () => open({ burst: true })
  return { store: store(), another: store, fingerprints, tick: () => void clock.advance(1000), largest: LARGEST }
})

// Against a real one, or an emulator: with its address and credentials in the environment.
if (process.env.AWS_ENDPOINT_URL) {
  describeSecretStore('the AWS store at AWS_ENDPOINT_URL', async () => {
    const fingerprints = fingerprinter('ktest', new Sensitive(new Uint8Array(32).fill(7)))
    const prefix = `keyturn-test-${randomUUID()}/`
    const clock = manualClock()
    const store = () =>
      openAwsStore({
        params: { prefix, burst: true, ...(!process.env.AWS_REGION && { region: 'eu-central-1' }) },
        inventoryId: 'kt_demo',
        fingerprints: async () => fingerprints,
        clock,
        random: seededRandom(randomUUID()),
      })
    return { store: store(), another: store, fingerprints, tick: () => void clock.advance(1000), largest: LARGEST }
  })
}
