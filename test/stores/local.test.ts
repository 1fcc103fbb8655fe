import { describeSecretStore } from '../contract/store.ts'
import { localFixture } from './local-fixture.ts'

describeSecretStore('the local store', async () => {
  const fixture = await localFixture()
  return { store: fixture.open(), another: () => fixture.open(), fingerprints: fixture.fingerprints, tick: () => void fixture.clock.advance(1000) }
})
