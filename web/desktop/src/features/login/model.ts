import { ApiError } from '../../api/client';
import { messageOf } from '../../lib/errors';

export interface LoginFault {
  username?: string;
  password?: string;
  /** Concerns both. */
  form?: string;
  /** The password was wrong: typing it again starts from nothing. */
  forgetPassword?: boolean;
}

export function missingFields(username: string, password: string): LoginFault | undefined {
  const fault: LoginFault = {};
  if (username.trim() === '') fault.username = 'Enter your username.';
  if (password === '') fault.password = 'Enter your password.';
  return fault.username || fault.password ? fault : undefined;
}

export function faultOf(error: unknown): LoginFault {
  const wrong = error instanceof ApiError && error.status === 401;
  return { form: messageOf(error), forgetPassword: wrong };
}
