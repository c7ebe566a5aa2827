ARG NODE_IMAGE=node:24-bookworm-slim

# --- compile ---
FROM ${NODE_IMAGE} AS build
WORKDIR /build
COPY package.json package-lock.json ./
# The image brings Node itself; the npm package that brings it to developers is left out here.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY src src
RUN npm run build

# --- what the service needs at run time, and no more ---
FROM ${NODE_IMAGE} AS packages
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund

# --- the service ---
FROM ${NODE_IMAGE}
ARG VERSION=0.0.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="snapkeep" \
      org.opencontainers.image.description="Scheduled volume snapshots for Huawei Cloud EVS and OpenStack Cinder" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
ENV NODE_ENV=production \
    SNAPKEEP_REVISION=${REVISION}
WORKDIR /opt/snapkeep
COPY package.json LICENSE ./
COPY --from=packages /build/node_modules node_modules
COPY --from=build /build/dist dist
# A number, so that Kubernetes can tell that it is not root (runAsNonRoot).
USER 65532:65532
EXPOSE 8080
# Any other port than the default is for whoever sets it to probe.
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:'+(process.env.SNAPKEEP_PORT||8080)+'/livez').then(r=>process.exit(r.ok?0:1),()=>process.exit(1))"]
# Node is PID 1 and gets SIGTERM itself; nothing is written to disk, so the root file system may be read-only.
ENTRYPOINT ["node", "--max-semi-space-size=8", "/opt/snapkeep/dist/main.js"]
CMD ["serve"]
