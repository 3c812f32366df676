// The frames of twilsock, by hand: for what the official client never sends, and for a bench that plays thousands of them.

import twilio from 'twilio';

const { AccessToken } = twilio.jwt;

/** An access token for Conversations. */
export function chatToken(accountSid, key, { identity, serviceSid, ttl = 3600 }) {
  const token = new AccessToken(accountSid, key.sid, key.secret, { identity, ttl });
  token.addGrant(new AccessToken.ChatGrant({ serviceSid }));
  return token.toJwt();
}

/** Bytes of a frame. */
export function frame(header, payload = '') {
  const text = JSON.stringify({ payload_size: Buffer.byteLength(payload), ...header });
  return Buffer.from(`TWILSOCK V3.0 ${Buffer.byteLength(text)}\r\n${text}\r\n${payload}`);
}

/** The header of a frame, with its payload as `payload`. Throws where the bytes are not as they say. */
export function parse(bytes) {
  const end = bytes.indexOf('\r\n');
  const size = Number(bytes.subarray(0, end).toString().split(' ')[2]);
  const header = JSON.parse(bytes.subarray(end + 2, end + 2 + size));
  const payload = bytes.subarray(end + 4 + size);
  if (header.payload_size !== payload.length)
    throw new Error(`${payload.length} bytes of payload, but ${header.payload_size} announced`);
  return { ...header, payload: payload.length ? JSON.parse(payload) : '' };
}

/** Header of a request in a frame. */
export const request = (method, path, grant = 'data_sync') => ({
  method: 'message',
  active_grant: grant,
  payload_type: 'application/json',
  http_request: { host: 'cds.us1.twilio.com', path, method, params: {}, headers: {} },
});
