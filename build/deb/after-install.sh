#!/bin/sh
set -e

# Chromium's sandbox, where the kernel gives ordinary users no namespaces.
chown root:root /opt/Gatehouse/chrome-sandbox
chmod 4755 /opt/Gatehouse/chrome-sandbox

# The service's own account. It may talk to Docker, which is as good as being root: see SECURITY.md.
if ! getent passwd gatehouse >/dev/null; then
  adduser --system --group --home /var/lib/gatehouse --no-create-home --quiet gatehouse
fi
if getent group docker >/dev/null; then
  adduser --quiet gatehouse docker
fi

if [ -d /run/systemd/system ]; then
  systemctl daemon-reload
  # An update: the running engine is the old one.
  systemctl try-restart gatehouse.service
fi
if command -v update-desktop-database >/dev/null; then
  update-desktop-database -q /usr/share/applications || true
fi
