# halfkey-server, and nothing else: docker build -t halfkey-server .
FROM node:24-trixie-slim AS build
WORKDIR /src
COPY . .
RUN node tools/setup.mjs tools/stage-server.mjs /rootfs
RUN chown 65532:65532 /rootfs/data && chmod 700 /rootfs/data && chmod 1777 /rootfs/tmp

# No shell, no package manager, no other user. The root may be read-only; what is written is in /data.
FROM scratch
COPY --from=build /rootfs /
USER 65532:65532
WORKDIR /data
ENV HALFKEY_DATA_DIR=/data HALFKEY_HOST=0.0.0.0
VOLUME /data
EXPOSE 4253
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/bin/node", "/app/bin/halfkey-server.js"]
