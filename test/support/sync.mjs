// Tokens with which a browser may use Sync.

import twilio from 'twilio';

const { AccessToken } = twilio.jwt;

export function syncToken(accountSid, key, identity, { serviceSid = 'default', ttl = 3600 } = {}) {
  const made = new AccessToken(accountSid, key.sid, key.secret, { identity, ttl });
  made.addGrant(new AccessToken.SyncGrant({ serviceSid }));
  return made.toJwt();
}
