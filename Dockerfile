# A company's own images go here: Node 24 with npm to build with, and Node 24 to run on (any that has `node` on PATH).
ARG NODE_IMAGE=node:24-bookworm-slim
ARG RUNTIME_IMAGE=${NODE_IMAGE}

# --- compile ---
FROM ${NODE_IMAGE} AS build
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY src src
RUN npm run build

# --- what the service needs at run time, and no more ---
FROM ${NODE_IMAGE} AS packages
WORKDIR /build
COPY package.json package-lock.json ./
# No package runs a script here, and none is optional: one of those would bring the compiler, another native code.
RUN npm ci --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund
# Node runs no TypeScript below node_modules; nobody reads maps, tests and guides in a container. Licences stay.
RUN find node_modules -type f \( -name '*.map' -o -name '*.ts' -o -name '*.mts' -o -name '*.cts' \) -delete \
 && find node_modules -type d \( -name test -o -name tests -o -name __tests__ -o -name docs -o -name benchmark -o -name benchmarks \) -prune -exec rm -rf {} + \
 && rm -f node_modules/.package-lock.json
COPY --from=build /build/dist dist
# The service starts with these packages alone: without the package `node`, which brings developers theirs.
RUN test ! -e node_modules/node && node dist/main.js schema >/dev/null

# --- the service ---
FROM ${RUNTIME_IMAGE}
ENV NODE_ENV=production
WORKDIR /opt/snapkeep
COPY package.json LICENSE ./
COPY --from=packages /build/node_modules node_modules
COPY --from=packages /build/dist dist
# For people: docker exec … snapkeep status
COPY bin bin
RUN ln -s /opt/snapkeep/bin/snapkeep /usr/local/bin/snapkeep
# What differs from one build to the next comes last.
ARG VERSION=0.0.0
ARG REVISION=unknown
ARG CREATED
ARG SOURCE
LABEL org.opencontainers.image.title="snapkeep" \
      org.opencontainers.image.description="Scheduled volume snapshots for Huawei Cloud EVS and OpenStack Cinder" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}" \
      org.opencontainers.image.source="${SOURCE}"
ENV SNAPKEEP_REVISION=${REVISION}
# A number, so that Kubernetes can tell that it is not root (runAsNonRoot).
USER 65532:65532
EXPOSE 8080
# Any other port than the default is for whoever sets it to probe.
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:'+(process.env.SNAPKEEP_PORT||8080)+'/livez').then(r=>process.exit(r.ok?0:1),()=>process.exit(1))"]
# Node is PID 1 and gets SIGTERM itself; nothing is written to disk, so the root file system may be read-only.
ENTRYPOINT ["node", "--max-semi-space-size=8", "--heap-growing-percent=100", "/opt/snapkeep/dist/main.js"]
CMD ["serve"]
