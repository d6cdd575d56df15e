/**
 * ApiVersions (18): what this broker speaks.
 *
 * v1 throttle time · v3 flexible, client's name, features · v4 features may begin at 0 · v5 a client says whom it
 * means to reach, and is sent back to its bootstrap servers when that is not us (KIP-1242)
 * The answer to a version that is not known is the v0 body with UNSUPPORTED_VERSION and the versions of ApiVersions alone
 * (KIP-511), made in `broker.ts`, since such a request cannot be decoded.
 */
import { ApiKey } from '../../protocol/api-keys.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { ApiVersionsRequest } from '../../protocol/generated/api/api-versions-request.ts'
import { ApiVersionsResponse } from '../../protocol/generated/api/api-versions-response.ts'
import { api } from '../api.ts'

/** A client's name and version must look like this (ApiVersionsRequest.isValid). */
const softwareName = /^[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?$/

export const apiVersions = api(ApiKey.ApiVersions, {
  versions: [0, 5],
  request: ApiVersionsRequest,
  response: ApiVersionsResponse,
  authorization: 'open to all',
  memoryBytes: 0,
  stage: 'at once',
  failed: (_, { errorCode }) => ({ errorCode, apiKeys: [] }),

  handle(request, { broker, apiVersion }) {
    if (
      apiVersion >= 3 &&
      !(softwareName.test(request.clientSoftwareName) && softwareName.test(request.clientSoftwareVersion))
    ) {
      return { errorCode: ErrorCode.INVALID_REQUEST, apiKeys: [] }
    }
    const isAnotherCluster = request.clusterId !== null && request.clusterId !== broker.clusterId
    const isAnotherNode = request.nodeId !== -1 && request.nodeId !== broker.nodeId
    if (isAnotherCluster || isAnotherNode) return { errorCode: ErrorCode.REBOOTSTRAP_REQUIRED, apiKeys: [] }
    const apiKeys = Array.from(broker.apis.values(), ({ key, advertisedVersions: [minVersion, maxVersion] }) => ({
      apiKey: key,
      minVersion,
      maxVersion
    }))
    // Old clients cannot read a feature that begins at 0 (KIP-1022).
    const supportedFeatures = broker.features.supportedFeatures?.filter(
      ({ minVersion }) => apiVersion >= 4 || minVersion > 0
    )
    return { errorCode: ErrorCode.NONE, apiKeys, ...broker.features, supportedFeatures: supportedFeatures ?? [] }
  }
})
