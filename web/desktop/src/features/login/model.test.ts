import { expect, it } from 'vitest';
import { ApiError } from '../../api/client';
import { faultOf, missingFields } from './model';

it('names what is missing', () => {
  expect(missingFields(' ', 'x')).toEqual({ username: 'Enter your username.' });
  expect(missingFields('', '')).toEqual({
    username: 'Enter your username.',
    password: 'Enter your password.',
  });
  expect(missingFields('ann', ' ')).toBeUndefined();
});

it("shows the server's sentence, and keeps the password unless it was wrong", () => {
  expect(faultOf(new ApiError(401, 'Wrong.', 20003))).toEqual({
    form: 'Wrong.',
    forgetPassword: true,
  });
  expect(faultOf(new ApiError(429, 'Wait 30 seconds.'))).toEqual({
    form: 'Wait 30 seconds.',
    forgetPassword: false,
  });
});
