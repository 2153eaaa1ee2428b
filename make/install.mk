# install and uninstall: the same lists read forwards and backwards. DESTDIR, prefix, bindir, libdir, includedir
# and mandir are honoured. The library goes to libdir itself, where LD_PRELOAD=liballocscope.so finds it.
man_pages := $(sort $(wildcard man/*.[1-9]))
public_headers := $(wildcard include/allocscope/*.h include/allocscope/adapters/*.h)
man_path = $(DESTDIR)$(mandir)/man$(patsubst .%,%,$(suffix $(1)))/$(notdir $(1))

python_modules := $(wildcard bindings/python/*.py)
python_folder = $(DESTDIR)$(prefix)/share/allocscope/python

installed = $(python_modules:bindings/python/%=$(python_folder)/%) $(DESTDIR)$(bindir)/allocscope $(DESTDIR)$(libdir)/liballocscope.so \
	$(DESTDIR)$(libdir)/pkgconfig/allocscope.pc $(public_headers:include/%=$(DESTDIR)$(includedir)/%) \
	$(foreach page,$(man_pages),$(call man_path,$(page)))

# Written anew when the prefix changes: `make && make install prefix=/usr` must say /usr.
define package_config
prefix=$(prefix)
includedir=$(includedir)

Name: allocscope
Description: heap profiler, header for profiled programs
Version: $(VERSION)
Cflags: -I$${includedir}
endef
# (the flags file makes the folder)
$(BUILD)/allocscope.pc: $(BUILD)/flags FORCE
	$(file >$@.new,$(package_config))
	@cmp -s $@.new $@ && rm -f $@.new || mv -f $@.new $@

install: all
	$(INSTALL) -D -m 755 $(CLI) $(DESTDIR)$(bindir)/allocscope
	$(INSTALL) -D -m 755 $(PRELOAD) $(DESTDIR)$(libdir)/liballocscope.so
	$(INSTALL) -D -m 644 $(BUILD)/allocscope.pc $(DESTDIR)$(libdir)/pkgconfig/allocscope.pc
	$(foreach header,$(public_headers),$(INSTALL) -D -m 644 $(header) $(DESTDIR)$(includedir)/$(header:include/%=%) &&) true
	$(foreach module,$(python_modules),$(INSTALL) -D -m 644 $(module) $(module:bindings/python/%=$(python_folder)/%) &&) true
	$(foreach page,$(man_pages),$(INSTALL) -D -m 644 $(page) $(call man_path,$(page)) &&) true
	@if [ -z "$(DESTDIR)" ] && [ "$$(id -u)" = 0 ] && command -v ldconfig >/dev/null; then ldconfig; fi
uninstall:
	rm -f $(installed)
	-rmdir $(python_folder) $(DESTDIR)$(prefix)/share/allocscope $(DESTDIR)$(includedir)/allocscope/adapters $(DESTDIR)$(includedir)/allocscope 2>/dev/null
	@if [ -z "$(DESTDIR)" ] && [ "$$(id -u)" = 0 ] && command -v ldconfig >/dev/null; then ldconfig; fi
.PHONY: install uninstall
