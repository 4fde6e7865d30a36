"""Every key of the console, declared once: footer, help, palette, `:` and the README's table derive from here."""
