/**
 * Words that people build passwords from, most used first. Short on purpose: it is data in a program that has to start fast, and
 * what it misses is still held to length and charset. Sorted by how often they appear in the published lists of leaked passwords,
 * then the words of this trade.
 */
export const WORDS: readonly string[] = (
  'password admin welcome secret login master dragon monkey qwerty letmein changeme default test pass user root guest shadow sunshine ' +
  'princess football baseball superman batman hello freedom whatever trustno iloveyou charlie michael jennifer jordan hunter ranger ' +
  'buster thomas robert soccer hockey killer george andrew daniel andrea joshua jessica pepper ashley matthew amanda summer winter spring ' +
  'autumn monday friday sunday january february march april june july august september october november december orange banana apple ' +
  'cookie cheese flower computer internet server system network database service backup public private company office support manager ' +
  'developer production staging development local docker compose asterisk freepbx voice agent phone twilio openai deepgram elevenlabs ' +
  'postgres postgresql mysql mariadb redis mongo mongodb rabbitmq minio grafana prometheus elastic jenkins gitlab github keycloak nextcloud ' +
  'wordpress django flask laravel symfony rails spring react angular nodejs python javascript token apikey access encryption signature ' +
  'session cookie insecure example sample demo temp temporary change please replace enter insert your mine this that here some super very ' +
  'strong simple random string value placeholder dummy foobar google amazon azure microsoft linux ubuntu debian windows apache nginx ' +
  'raspberry oracle cisco ubnt switch router firewall wifi home family mother father sister brother love friend angel heart happy lucky ' +
  'money magic music player gaming pokemon starwars matrix naruto tigger purple silver golden black white green yellow blue red house ' +
  'tiger eagle falcon lion horse rabbit kitten puppy snoopy mickey jasmine nicole maggie ginger cooper bailey harley mustang ferrari porsche ' +
  'corvette camaro yankees dallas london paris berlin vienna america england germany austria france canada texas chicago key api jwt pin pwd ari ami sip pbx dev'
).split(' ')

/** Words by themselves with their rank, counted from 1. */
export const WORD_RANKS: ReadonlyMap<string, number> = new Map([...new Set(WORDS)].map((word, index) => [word, index + 1]))

export const SHORTEST_WORD = 3
export const LONGEST_WORD = Math.max(...WORDS.map((word) => word.length))
