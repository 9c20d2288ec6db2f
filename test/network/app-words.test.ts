// What networks say when they do not know an app, and when they do not know a code.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { refusesApp, refusesCode, saidIn } from '../../src/network/app-words.ts'

const APP = [
  '{"error":"invalid_client","error_description":"Client authentication failed due to unknown client"}',
  '{"error":"unauthorized_client","error_description":"Missing valid authorization header"}',
  '{"error":"incorrect_client_credentials","error_description":"The client_id and/or client_secret passed are incorrect."}',
  'error=incorrect_client_credentials&error_description=wrong',
  '{"ok":false,"error":"invalid_client_id"}',
  '{"ok":false,"error":"bad_client_secret"}',
  '{"error":{"message":"Error validating client secret.","type":"OAuthException","code":1}}',
  '{"error":{"message":"Error validating application. Cannot get application info due to a system error.","code":101}}',
]

const CODE = [
  '{"error":"invalid_grant","error_description":"Malformed auth code."}',
  '{"error":"bad_verification_code","error_description":"The code passed is incorrect or expired."}',
  '{"ok":false,"error":"invalid_code"}',
  '{"error":{"message":"This authorization code has been used.","code":100}}',
  '{"error":{"message":"Invalid verification code format.","code":100}}',
  '{"error":"invalid_request","error_description":"Value passed for the authorization code was invalid."}',
]

const NEITHER = [
  '<html>busy</html>',
  '',
  'null',
  '[]',
  '{"error":"server_error"}',
  '{"error":"invalid_client_metadata"}',
  '{"error":5}',
]

for (const [expected, texts] of [
  [[true, false], APP],
  [[false, true], CODE],
  [[false, false], NEITHER],
] as const) {
  for (const text of texts) {
    test(`${text || 'nothing'} refuses ${expected[0] ? 'the app' : expected[1] ? 'the code' : 'neither'}`, () => {
      const said = saidIn(text)
      assert.deepEqual([refusesApp(said), refusesCode(said)], expected)
    })
  }
}

test('what is said fits a line of three hundred characters', () => {
  assert.equal(saidIn(`{"error":"a\\nb\\u0000c"}`), 'a b c')
  assert.equal(saidIn(`<p>${'x'.repeat(1_000)}</p>`).length, 300)
})
