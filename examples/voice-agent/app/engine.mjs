// Stands for the voice engine: says what it was started with, by name and age, never by value.
const role = process.argv[2] ?? 'engine'
const wanted = ['ASTERISK_ARI_USERNAME', 'ASTERISK_ARI_PASSWORD', 'OPENAI_API_KEY', 'DEEPGRAM_API_KEY', 'ELEVENLABS_API_KEY', 'JWT_SECRET', 'DATABASE_URL']
const started = new Date().toISOString()

for (const name of wanted) console.log(`${role}: ${name} ${process.env[name] ? 'is set' : 'is missing'}`)
console.log(`${role}: holds the environment of ${started}; a new .env needs a new container`)
setInterval(() => {}, 60_000)
