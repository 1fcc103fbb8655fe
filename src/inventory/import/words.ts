/** Abbreviations and glued forms that stand for several words: `PGUSER` is "pg user". */
const GLUED: Readonly<Record<string, readonly string[]>> = {
  accesskey: ['access', 'key'],
  apikey: ['api', 'key'],
  apikeys: ['api', 'keys'],
  apitoken: ['api', 'token'],
  appid: ['app', 'id'],
  appkey: ['app', 'key'],
  appsecret: ['app', 'secret'],
  authkey: ['auth', 'key'],
  authtoken: ['auth', 'token'],
  clientid: ['client', 'id'],
  clientsecret: ['client', 'secret'],
  dbpass: ['db', 'pass'],
  dbpw: ['db', 'pw'],
  dbpwd: ['db', 'pwd'],
  dburl: ['db', 'url'],
  encryptionkey: ['encryption', 'key'],
  keyfile: ['key', 'file'],
  keyid: ['key', 'id'],
  licensekey: ['license', 'key'],
  masterkey: ['master', 'key'],
  passfile: ['pass', 'file'],
  pgpass: ['pg', 'pass'],
  pgpassfile: ['pg', 'pass', 'file'],
  privatekey: ['private', 'key'],
  privkey: ['private', 'key'],
  publickey: ['public', 'key'],
  pubkey: ['public', 'key'],
  secretkey: ['secret', 'key'],
  signingkey: ['signing', 'key'],
  sitekey: ['site', 'key'],
  userid: ['user', 'id'],
  userpwd: ['user', 'pwd'],
  vkey: ['verify', 'key'],
}

/** Nouns that are also written onto the end of another word: `DBPASSWORD`, `PGUSER`, `MYTOKEN`. */
const ENDINGS = [
  'password',
  'passwd',
  'passwort',
  'kennwort',
  'passphrase',
  'username',
  'apikey',
  'secret',
  'token',
  'user',
  'pass',
  'pwd',
  'key',
  'pw',
] as const
/** English words that end so. */
const WHOLE = new Set(
  'super bypass compass trespass overpass underpass surpass monkey hotkey turkey whiskey hockey donkey jockey passkey valkey lackey'.split(' '),
)

/**
 * The words of a variable's name, lower case: `NEXT_PRIVATE_apiKey2` is `next private api key 2`. Underscores, dots,
 * dashes and changes of case separate; what is commonly glued together is taken apart.
 */
export function wordsOf(name: string): readonly string[] {
  return name
    .replace(/([a-z]\d*)([A-Z])/g, '$1_$2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '')
    .flatMap((word) => GLUED[word] ?? unglue(word))
}

function unglue(word: string): readonly string[] {
  const numbered = /^([a-z]{3,})(\d{1,2})$/.exec(word)
  // `KEY2` is a second key; `oauth2`, `s3`, `base64` are words.
  if (numbered?.[1] && numbered[2] && NUMBERED.has(numbered[1])) return [numbered[1], numbered[2]]
  for (const ending of ENDINGS) {
    const stem = word.slice(0, -ending.length)
    if (word.endsWith(ending) && stem.length >= (ending.length > 4 || ending === 'user' || ending === 'pass' ? 2 : 3) && !WHOLE.has(word) && !WHOLE.has(stem))
      return [stem, ...(GLUED[ending] ?? [ending])]
  }
  return [word]
}

const NUMBERED = new Set(['key', 'secret', 'token', 'password', 'pass', 'user', 'username'])
