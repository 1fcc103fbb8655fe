/**
 * Services whose keys a person makes on a web page, as data: how a variable of theirs is named, where its keys are made, what a key
 * looks like. Used by the guided rotator's instructions, by `secrets init`, and to notice a value that stands where a name belongs.
 */

/** One provider. Shapes are what the vendor's keys look like today; an older key may look otherwise, so a mismatch is a remark and no proof. */
export interface Provider {
  readonly provider: string
  /** On the whole variable name, in capitals. */
  readonly match: RegExp
  /** The page where keys are made and deleted. */
  readonly keysUrl: string
  /** On the whole value, where the vendor documents one. */
  readonly shape?: RegExp
  /** What a person must know before making one. */
  readonly facts: readonly string[]
}

const KEY = '(_(API|SECRET|ACCESS|AUTH|PRIVATE))*_(KEY|TOKEN|SECRET)S?$'
const named = (names: string, rest = KEY): RegExp => new RegExp(`(^|_)(${names})${rest}`)

const SHOWN_ONCE = 'The key is shown once, when it is made.'
const TWO_AT_ONCE = 'Two keys work at the same time: make the new one first, delete the old one last.'

/** In the order of asking: the first whose name matches. */
export const PROVIDERS: readonly Provider[] = [
  {
    provider: 'azure-openai',
    match: named('AZURE_OPENAI'),
    keysUrl: 'https://portal.azure.com/#view/Microsoft_Azure_ProjectOxford/CognitiveServicesHub/~/OpenAI',
    facts: ['Each resource has KEY 1 and KEY 2: regenerate the one not in use, then change over.'],
  },
  {
    provider: 'openai',
    match: named('OPENAI'),
    keysUrl: 'https://platform.openai.com/api-keys',
    shape: /^sk-[A-Za-z0-9_-]{20,}$/,
    facts: [SHOWN_ONCE, TWO_AT_ONCE, 'Give the new key the same project and the same permissions as the old one.'],
  },
  {
    provider: 'anthropic',
    match: named('ANTHROPIC|CLAUDE'),
    keysUrl: 'https://console.anthropic.com/settings/keys',
    shape: /^sk-ant-[A-Za-z0-9_-]{20,}$/,
    facts: [SHOWN_ONCE, TWO_AT_ONCE, 'Keys cannot be made by API; an old one can be set inactive before it is deleted.'],
  },
  {
    provider: 'deepgram',
    match: named('DEEPGRAM'),
    keysUrl: 'https://console.deepgram.com/project/-/settings/keys',
    shape: /^[0-9a-f]{40}$/,
    facts: [SHOWN_ONCE, TWO_AT_ONCE],
  },
  {
    provider: 'elevenlabs',
    match: named('ELEVENLABS|ELEVEN_LABS|ELEVEN|XI'),
    keysUrl: 'https://elevenlabs.io/app/settings/api-keys',
    shape: /^(sk_[0-9a-f]{48}|[0-9a-f]{32})$/,
    facts: [SHOWN_ONCE, TWO_AT_ONCE, 'Give the new key the same permissions and limit as the old one.'],
  },
  {
    provider: 'twilio',
    match: /(^|_)TWILIO_(AUTH_TOKEN|API_(KEY_)?SECRET|SECRET|TOKEN)$/,
    keysUrl: 'https://console.twilio.com/us1/account/keys-credentials/api-keys',
    shape: /^[0-9A-Za-z]{32}$/,
    facts: ['Make a secondary auth token, change over, then promote it: promoting ends the old one and changes the signature of webhooks.'],
  },
  {
    provider: 'cartesia',
    match: named('CARTESIA'),
    keysUrl: 'https://play.cartesia.ai/keys',
    shape: /^sk_car_[A-Za-z0-9_-]{16,}$/,
    facts: [SHOWN_ONCE, TWO_AT_ONCE],
  },
  { provider: 'assemblyai', match: named('ASSEMBLYAI|ASSEMBLY_AI'), keysUrl: 'https://www.assemblyai.com/app/api-keys', facts: [TWO_AT_ONCE] },
  { provider: 'groq', match: named('GROQ'), keysUrl: 'https://console.groq.com/keys', shape: /^gsk_[A-Za-z0-9]{40,}$/, facts: [SHOWN_ONCE, TWO_AT_ONCE] },
  {
    provider: 'google-ai',
    match: named('GEMINI|GOOGLE_AI|GOOGLE_GENAI|GOOGLE_GENERATIVE_AI|GOOGLE'),
    keysUrl: 'https://aistudio.google.com/apikey',
    shape: /^AIza[0-9A-Za-z_-]{35}$/,
    facts: [TWO_AT_ONCE, 'A new key works after about a minute. Copy the restrictions of the old one.'],
  },
  { provider: 'mistral', match: named('MISTRAL'), keysUrl: 'https://console.mistral.ai/api-keys', facts: [SHOWN_ONCE, TWO_AT_ONCE] },
  { provider: 'cohere', match: named('COHERE|CO'), keysUrl: 'https://dashboard.cohere.com/api-keys', facts: [TWO_AT_ONCE] },
  {
    provider: 'openrouter',
    match: named('OPENROUTER'),
    keysUrl: 'https://openrouter.ai/keys',
    shape: /^sk-or-[A-Za-z0-9_-]{20,}$/,
    facts: [SHOWN_ONCE, TWO_AT_ONCE],
  },
  {
    provider: 'huggingface',
    match: named('HUGGINGFACE|HUGGING_FACE|HUGGINGFACEHUB|HF'),
    keysUrl: 'https://huggingface.co/settings/tokens',
    shape: /^hf_[A-Za-z0-9]{30,}$/,
    facts: [SHOWN_ONCE, TWO_AT_ONCE],
  },
  {
    provider: 'sendgrid',
    match: named('SENDGRID'),
    keysUrl: 'https://app.sendgrid.com/settings/api_keys',
    shape: /^SG\.[\w-]{20,24}\.[\w-]{39,50}$/,
    facts: [SHOWN_ONCE, TWO_AT_ONCE, 'Choose the same scopes: a key without chosen scopes may do everything.'],
  },
  { provider: 'resend', match: named('RESEND'), keysUrl: 'https://resend.com/api-keys', shape: /^re_[A-Za-z0-9_]{16,}$/, facts: [SHOWN_ONCE, TWO_AT_ONCE] },
  { provider: 'mailgun', match: named('MAILGUN'), keysUrl: 'https://app.mailgun.com/settings/api_security', facts: [SHOWN_ONCE, TWO_AT_ONCE] },
  {
    provider: 'stripe-webhook',
    match: /(^|_)STRIPE(_[A-Z]+)*_WEBHOOK(_[A-Z]+)*_SECRET$/,
    keysUrl: 'https://dashboard.stripe.com/webhooks',
    shape: /^whsec_[A-Za-z0-9+/=]{16,}$/,
    facts: ['"Roll secret" keeps the old one for up to 24 hours.'],
  },
  {
    provider: 'stripe',
    match: named('STRIPE'),
    keysUrl: 'https://dashboard.stripe.com/apikeys',
    shape: /^[sr]k_(live|test)_[A-Za-z0-9]{16,}$/,
    facts: ['"Roll key" keeps the old one for up to 7 days: choose a time longer than the grace.'],
  },
  {
    provider: 'github',
    match: named('GITHUB|GH', '(_(PAT|(ACCESS|AUTH|API)_TOKEN|TOKEN|PERSONAL_ACCESS_TOKEN))$'),
    keysUrl: 'https://github.com/settings/tokens',
    shape: /^(gh[pousr]_[A-Za-z0-9]{36,}|github_pat_\w{50,})$/,
    facts: [SHOWN_ONCE, TWO_AT_ONCE, 'Give the new token the same repositories, permissions and an expiry.'],
  },
  {
    provider: 'github-oauth',
    match: named('GITHUB|GH', '(_(CLIENT|APP|OAUTH))+_SECRET$'),
    keysUrl: 'https://github.com/settings/developers',
    facts: [SHOWN_ONCE, TWO_AT_ONCE],
  },
  {
    provider: 'google-oauth',
    match: named('GOOGLE', '(_(CLIENT|OAUTH|AUTH))+_SECRET$'),
    keysUrl: 'https://console.cloud.google.com/apis/credentials',
    shape: /^GOCSPX-[A-Za-z0-9_-]{20,}$/,
    facts: [TWO_AT_ONCE],
  },
  {
    provider: 'slack-webhook',
    match: /(^|_)SLACK(_[A-Z]+)*_WEBHOOK(_URL)?$/,
    keysUrl: 'https://api.slack.com/apps',
    shape: /^https:\/\/hooks\.slack\.com\/services\/\S+$/,
    facts: ['Add a second webhook to the same channel, then remove the old one.'],
  },
  {
    provider: 'slack',
    match: named('SLACK', '(_(BOT|APP|USER|API|SIGNING|CLIENT|ACCESS))*_(TOKEN|SECRET)$'),
    keysUrl: 'https://api.slack.com/apps',
    facts: ['A regenerated signing or client secret ends the old one at once.'],
  },
  {
    provider: 'telegram',
    match: named('TELEGRAM|TG', '(_BOT)?(_API)?_(TOKEN|KEY)$'),
    keysUrl: 'https://t.me/BotFather',
    shape: /^\d{6,12}:[A-Za-z0-9_-]{30,}$/,
    facts: ['/revoke makes a new token and ends the old one at once.'],
  },
  {
    provider: 'discord',
    match: named('DISCORD', '(_(BOT|CLIENT|APP))*_(TOKEN|SECRET)$'),
    keysUrl: 'https://discord.com/developers/applications',
    facts: ['A reset ends the old one at once.'],
  },
  {
    provider: 'cloudflare',
    match: named('CLOUDFLARE|CF', '(_(API|DNS|ZONE|GLOBAL|AUTH))*_(TOKEN|KEY)$'),
    keysUrl: 'https://dash.cloudflare.com/profile/api-tokens',
    facts: [SHOWN_ONCE, '"Roll" ends the old one at once: make a second token with the same policies instead.'],
  },
  {
    provider: 'aws',
    match: /(^|_)AWS(_[A-Z0-9]+)*_SECRET(_ACCESS)?(_KEY)?$/,
    keysUrl: 'https://console.aws.amazon.com/iam/home#/users',
    shape: /^[A-Za-z0-9/+]{40}$/,
    facts: [SHOWN_ONCE, 'A user may have two access keys. The key id changes with the secret.'],
  },
  {
    provider: 'livekit',
    match: named('LIVEKIT'),
    keysUrl: 'https://cloud.livekit.io/projects/p_/settings/keys',
    facts: [SHOWN_ONCE, TWO_AT_ONCE, 'The key id changes with the secret.'],
  },
  { provider: 'telnyx', match: named('TELNYX'), keysUrl: 'https://portal.telnyx.com/#/app/api-keys', facts: [SHOWN_ONCE, TWO_AT_ONCE] },
  {
    provider: 'vonage',
    match: named('VONAGE|NEXMO'),
    keysUrl: 'https://dashboard.nexmo.com/settings',
    facts: ['A second API secret can be made; delete the first one last.'],
  },
  {
    provider: 'zoom',
    match: named('ZOOM', '(_(CLIENT|WEBHOOK|API))*_SECRET(_TOKEN)?$'),
    keysUrl: 'https://marketplace.zoom.us/user/build',
    facts: ['"Regenerate" may end the old one at once.'],
  },
  { provider: 'sentry', match: named('SENTRY', '(_AUTH|_API)*_TOKEN$'), keysUrl: 'https://sentry.io/settings/auth-tokens/', facts: [SHOWN_ONCE, TWO_AT_ONCE] },
  { provider: 'pinecone', match: named('PINECONE'), keysUrl: 'https://app.pinecone.io/organizations/-/keys', facts: [SHOWN_ONCE, TWO_AT_ONCE] },
  { provider: 'tavily', match: named('TAVILY'), keysUrl: 'https://app.tavily.com/home', shape: /^tvly-[A-Za-z0-9_-]{16,}$/, facts: [TWO_AT_ONCE] },
  {
    provider: 'langfuse',
    match: named('LANGFUSE', '_SECRET_KEY$'),
    keysUrl: 'https://cloud.langfuse.com',
    shape: /^sk-lf-[0-9a-f-]{36}$/,
    facts: [SHOWN_ONCE, 'The public key changes with the secret one.'],
  },
  { provider: 'langsmith', match: named('LANGSMITH|LANGCHAIN'), keysUrl: 'https://smith.langchain.com/settings', facts: [SHOWN_ONCE, TWO_AT_ONCE] },
  {
    provider: 'azure-speech',
    match: named('AZURE(_SPEECH)?|SPEECH', '_KEY$'),
    keysUrl: 'https://portal.azure.com',
    facts: ['Each resource has KEY 1 and KEY 2: regenerate the one not in use, then change over.'],
  },
]

/** The provider whose key this variable holds, by its name; `null`: none that is known here. */
export function providerOf(name: string): Provider | null {
  const upper = name.toUpperCase()
  return PROVIDERS.find((provider) => provider.match.test(upper)) ?? null
}

/** Whether a text looks like a provider's key, a private key, an age identity or a random value: it was pasted where a name belongs. */
export function looksLikeValue(text: string): boolean {
  // Nobody names a thing with two dozen letters and digits without a break.
  if (/(?=[A-Za-z]*\d)(?=\d*[A-Za-z])[A-Za-z0-9]{24,}/.test(text)) return true
  if (/AGE-SECRET-KEY-|-----BEGIN|^eyJ[\w-]+\./i.test(text)) return true
  if (/^(sk|pk|rk|gsk|hf|re|xox[abposr]|gh[pousr]|github_pat|SG|AKIA|ASIA|AIza|whsec|glpat|tvly)[-_.]?[A-Za-z0-9_.-]{16,}$/.test(text)) return true
  return /^[a-z][a-z0-9+.-]*:\/\/[^/\s:@]*:[^/\s@]+@/i.test(text)
}
