import { describe } from 'vitest';
import { openRealCloud } from '../conformance/real-cloud.ts';
import { cloudConformance } from '../conformance/suite.ts';
import { adminCredentials, credentials } from './support/open-stack.ts';

const { identityEndpoint, endpoint, userDomain, projectId } = credentials;

// Projects, quotas and the states of volumes are an admin's.
describe.skipIf(adminCredentials === null)('conformance', () => {
  const admin = { username: '', password: '', ...adminCredentials, projectId };
  cloudConformance('a real Cinder and Keystone', () => openRealCloud({ identityEndpoint, endpoint, domain: userDomain, admin }));
});
