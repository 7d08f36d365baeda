# The image of every Signpost service: `docker build -t signpost .`, then `docker run signpost run normalize` and so on.
# Runs as user 1000 and writes below /data, /keys and /tmp alone, so its own file system may be read-only. docs/containers.md
ARG NODE_IMAGE=node:24-bookworm-slim

FROM ${NODE_IMAGE} AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
COPY bin bin
# What `npm ci` runs at its end.
COPY scripts/link-command.ts scripts/prepare-store.ts scripts/build-pages.ts scripts/
# The optional packages are a second Node, 190 MB: the image has one.
RUN --mount=type=cache,target=/root/.npm \
    npm ci --omit=dev --omit=optional --no-audit --no-fund

FROM ${NODE_IMAGE} AS installation
WORKDIR /app
COPY --from=dependencies /app ./
COPY LICENSE ./
COPY infra/compose/first-start.ts infra/compose/make-bucket.ts infra/compose/
COPY schemas schemas
COPY services services
RUN install --directory --owner=1000 --group=1000 node_modules/.cache/signpost
# As the user of the services, since Node keeps compiled code apart by user, and for its eyes alone, though it is to be
# root's. An image that cannot classify is not built.
USER 1000:1000
RUN bin/signpost --version \
    && bin/signpost classify "no signal since the storm, cannot call anybody" > /dev/null \
    && chmod -R a+rX node_modules/.cache

# What builds the pages stays behind.
FROM ${NODE_IMAGE} AS pages
WORKDIR /app
COPY package.json package-lock.json ./
COPY bin bin
COPY scripts/link-command.ts scripts/prepare-store.ts scripts/build-pages.ts scripts/
RUN --mount=type=cache,target=/root/.npm \
    npm ci --no-audit --no-fund
COPY schemas schemas
COPY services services
RUN npm run build:pages

FROM ${NODE_IMAGE}
LABEL org.opencontainers.image.title="Signpost" \
      org.opencontainers.image.description="Tickets, posts and survey answers in; department insight streams out." \
      org.opencontainers.image.licenses="Apache-2.0"
# Nothing is installed while a service runs, so nothing that installs is there.
RUN rm -rf /opt/yarn-* /usr/local/bin/corepack /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/yarn \
      /usr/local/bin/yarnpkg /usr/local/lib/node_modules \
    && install --directory --owner=1000 --group=1000 --mode=0700 /data /keys \
    && ln -s /app/bin/signpost /usr/local/bin/signpost
# All of it belongs to root: what runs cannot change it.
COPY --from=installation /app /app
COPY --from=pages /app/services/portal/pages/dist /app/services/portal/pages/dist
COPY infra/compose/signpost.yaml /etc/signpost/signpost.yaml
ENV NODE_ENV=production \
    SIGNPOST_DATA=/data
# signpost.yaml is read from the working directory.
WORKDIR /etc/signpost
USER 1000:1000
# 8080: HTTP of gateway and portal. 9464: /livez, /readyz, /metrics of every service.
EXPOSE 8080 9464
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:9464/livez').then(({ok}) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["/app/bin/signpost"]
CMD ["--help"]
