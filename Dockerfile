FROM node:24-slim AS packages
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund

FROM node:24-slim
ENV NODE_ENV=production \
    KITH_DATABASE_URL=/data/kith.db \
    KITH_METRICS_HOST=0.0.0.0 \
    NODE_COMPILE_CACHE=/app/.cache \
    MALLOC_ARENA_MAX=2
WORKDIR /app
COPY --from=packages /app/node_modules ./node_modules
COPY package.json LICENSE ./
COPY src ./src
RUN install -d -o node -g node /data /app/.cache
USER node
# Proves that the image works, and fills the cache of compiled code.
RUN node src/main.ts demo --once --port 0 > /dev/null
VOLUME /data
EXPOSE 8080 9464
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s CMD ["node", "src/main.ts", "ready"]
# The same flags (and MALLOC_ARENA_MAX) as scripts/run.mjs.
CMD ["node", "--max-semi-space-size=4", "src/main.ts", "serve"]
